var e="Heute",t={"day.today":e};export{e as"day.today",t as default};
